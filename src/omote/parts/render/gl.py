"""The rasteriser that uses OpenGL without a window (EGL): a graphics card, or Mesa's llvmpipe on the CPU.

It gets the same projected vertices, gains and levels of detail as the software one, and does nothing but
cover pixels and read textures. The two levels around the wanted one are blended in the shader, since some
drivers blend them coarsely. The window's first row is the bottom row of OpenGL's picture, so that what is
read back needs no flip.
"""

import moderngl
import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from omote.core.errors import UnavailableError
from omote.parts.render.scene import Scene, Stage

_VERTEX = """
#version 400
in vec4 clip; in vec2 uv; in vec3 gain; in float lod;
QUALIFIER out vec2 at; QUALIFIER out vec3 light; QUALIFIER out float level;
void main() { gl_Position = clip; at = uv; light = gain; level = lod; }
"""

_FRAGMENT = """
#version 400
QUALIFIER in vec2 at; QUALIFIER in vec3 light; QUALIFIER in float level;
uniform sampler2D picture; uniform float last;
out vec4 colour;
void main() {
    float wanted = clamp(level, 0.0, last), fine = floor(wanted);
    vec4 near = textureLod(picture, at, fine), far = textureLod(picture, at, min(fine + 1.0, last));
    vec4 texel = mix(near, far, wanted - fine);
    if (CUT && texel.a < 0.5) discard;
    colour = vec4(min(texel.rgb * light, 1.0), 1.0);
}
"""

_ON_CPU = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")
"""Drivers that draw on the CPU, as they call themselves."""

_GRAIN = 64
"""Pixels that the size of the off-screen picture is rounded up to, so that it is rarely made anew."""


class GlPainter:
    """Paints a scene through OpenGL.

    Raises:
        UnavailableError: EGL or a driver for it is not there, or too old.
    """

    backend = "gl"

    def __init__(self, scene: Scene, *, samples: int, cull: bool) -> None:
        self._context = open_context()
        self._samples = samples if samples > 1 else 0
        if self._samples > self._context.max_samples:
            self.close()
            raise UnavailableError(f"this OpenGL driver has no {samples} samples per pixel; use the numba backend")
        self.device: str = self._context.info["GL_RENDERER"]
        self._scene, self._cull = scene, cull
        self._vertices = np.zeros(len(scene.uvs), [("clip", "4f4"), ("gain", "3f4"), ("lod", "f4")])
        self._buffer = self._context.buffer(reserve=self._vertices.nbytes, dynamic=True)
        self._size = (0, 0)
        self._target = self._resolved = None
        self._programs = {cut: self._program(cut) for cut in sorted(set(scene.cut))}
        index = self._context.buffer(scene.faces.tobytes())
        uvs = self._context.buffer(scene.uvs.tobytes())
        self._textures = [self._texture(levels) for levels in scene.pyramids]
        self._arrays = {
            cut: self._context.vertex_array(
                program, [(self._buffer, "4f 3f 1f", "clip", "gain", "lod"), (uvs, "2f", "uv")], index
            )
            for cut, program in self._programs.items()
        }

    def _program(self, cut: bool) -> moderngl.Program:
        qualifier, tested = ("sample" if self._samples else "smooth", "true") if cut else ("smooth", "false")
        vertex, fragment = (
            source.replace("QUALIFIER", qualifier).replace("CUT", tested) for source in (_VERTEX, _FRAGMENT)
        )
        return self._context.program(vertex_shader=vertex, fragment_shader=fragment)

    def _texture(self, levels: list[UInt8[ndarray, "_ _ 4"]]) -> moderngl.Texture:
        height, width = levels[0].shape[:2]
        if max(height, width) > self._context.info["GL_MAX_TEXTURE_SIZE"]:
            raise UnavailableError(f"a texture of {height} x {width} is too large for this OpenGL; use numba")
        texture = self._context.texture((width, height), 4, levels[0].tobytes())
        texture.build_mipmaps(0, len(levels) - 1)
        for number, level in enumerate(levels):
            texture.write(level.tobytes(), level=number)
        texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return texture

    def _frame(self, size: tuple[int, int]) -> tuple[moderngl.Framebuffer, moderngl.Framebuffer]:
        """Return the picture to draw into and the one to read, of at least (height, width) pixels."""
        wanted = tuple(-(-n // _GRAIN) * _GRAIN for n in size)
        if self._target is None or self._resolved is None or wanted != self._size:
            for old in (self._target, self._resolved):
                if old is not None:
                    for part in (*old.color_attachments, old.depth_attachment):
                        if part is not None:
                            part.release()
                    old.release()
            height, width = self._size = (wanted[0], wanted[1])
            self._resolved = self._context.framebuffer([self._context.renderbuffer((width, height), 4)])
            self._target = self._context.framebuffer(
                [self._context.renderbuffer((width, height), 4, samples=self._samples)],
                self._context.depth_renderbuffer((width, height), samples=self._samples),
            )
        return self._target, self._resolved

    def paint(self, stage: Stage) -> UInt8[ndarray, "h w 4"]:
        """Return the stage's window, colours premultiplied by coverage."""
        x0, y0, x1, y1 = stage.window
        height, width = y1 - y0, x1 - x0
        self._vertices["clip"] = clip_coordinates(stage)
        self._vertices["gain"] = stage.gains
        self._vertices["lod"] = stage.lods
        self._buffer.write(self._vertices)
        target, resolved = self._frame((height, width))
        target.use()
        target.viewport = (0, 0, width, height)
        self._context.enable_only(moderngl.DEPTH_TEST | (moderngl.CULL_FACE if self._cull else 0))
        self._context.front_face = "cw"
        target.clear()
        ranges = zip(self._scene.face_ranges, self._scene.face_ranges[1:], strict=False)
        levels = [float(len(levels) - 1) for levels in self._scene.pyramids]
        for (first, end), texture, last, cut in zip(ranges, self._textures, levels, self._scene.cut, strict=True):
            texture.use()
            self._programs[cut]["last"] = last
            self._arrays[cut].render(vertices=3 * int(end - first), first=3 * int(first))
        self._context.copy_framebuffer(resolved, target)
        data = resolved.read((0, 0, width, height), components=4, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(height, width, 4)

    def close(self) -> None:
        """Give the context back."""
        self._context.release()


def open_context() -> moderngl.Context:
    """Return an OpenGL context without a window.

    Raises:
        UnavailableError: EGL or a driver for it is not there, or too old.
    """
    try:
        return moderngl.create_context(standalone=True, backend="egl", require=400)  # type: ignore[call-arg]
    except (OSError, ImportError, RuntimeError, ValueError) as error:
        raise UnavailableError(
            f"OpenGL through EGL is not to be had here ({error}); install libegl1 and libgl1-mesa-dri, "
            "or use the numba backend"
        ) from error


def graphics_card() -> str:
    """Return the name of the graphics card that OpenGL draws with; empty where it is the CPU that draws.

    Raises:
        UnavailableError: as `open_context`.
    """
    context = open_context()
    name: str = context.info["GL_RENDERER"]
    context.release()
    return "" if any(driver in name.lower() for driver in _ON_CPU) else name


def clip_coordinates(stage: Stage) -> Float32[ndarray, "v 4"]:
    """Return OpenGL's clip coordinates for the stage's window, first row lowest, depth fitted to the vertices."""
    x0, y0, x1, y1 = stage.window
    clip = np.empty((len(stage.homogeneous), 4), np.float32)
    w = stage.homogeneous[:, 2]
    clip[:, 0] = (stage.homogeneous[:, 0] - x0 * w) * (2 / (x1 - x0)) - w
    clip[:, 1] = (stage.homogeneous[:, 1] - y0 * w) * (2 / (y1 - y0)) - w
    near = max(stage.camera.near, 0.99 * float(stage.depth.min()))
    far = max(1.01 * float(stage.depth.max()), 1.01 * near)
    if stage.camera.orthographic:
        clip[:, 2] = (2 * stage.depth - far - near) / (far - near)
    else:
        clip[:, 2] = ((far + near) * stage.depth - 2 * far * near) / (far - near)
    clip[:, 3] = w
    return clip
