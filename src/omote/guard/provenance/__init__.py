"""Provenance: consent records, signed manifests, and a watermark that finds them again."""

from omote.core.catalogue import Role, Status, System

SYSTEMS = (
    System(
        name="watermark",
        target="omote.guard.provenance.watermark:Watermark",
        role=Role.SEAL,
        paper="Cox, Kilian, Leighton, Shamoon, Secure Spread Spectrum Watermarking for Multimedia, TIP 1997",
        summary="an invisible 48-bit mark that finds a file's manifest again",
        status=Status.FIRST_FORM,
    ),
)
