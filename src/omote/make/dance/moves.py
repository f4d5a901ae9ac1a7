"""All dance moves by name; what they are like is in `moves_in_place` and `moves_with_steps`."""

from collections.abc import Mapping

from omote.make.dance import moves_in_place as place
from omote.make.dance import moves_with_steps as step
from omote.make.dance.phrasing import Move

MOVES: Mapping[str, Move] = {
    move.name: move
    for move in (
        Move(name="groove", period=2, pose=place.groove, energy=0.4),
        Move(name="sway", period=4, pose=place.sway, energy=0.05),
        Move(name="two step", period=4, pose=step.two_step, steps=step.side_steps, energy=0.45),
        Move(name="step clap", period=4, pose=step.step_clap, steps=step.side_steps, energy=0.6),
        Move(name="disco point", period=4, pose=place.disco_point, energy=0.75),
        Move(name="arm wave", period=4, pose=place.arm_wave, energy=0.35),
        Move(name="body roll", period=2, pose=place.body_roll, energy=0.45),
        Move(name="hip sway", period=4, pose=place.hip_sway, energy=0.35),
        Move(name="shimmy", period=4, pose=place.shimmy, energy=0.6),
        Move(
            name="running man",
            period=2,
            pose=step.running_man,
            steps=step.running_steps,
            energy=0.85,
            calm_legs=False,
        ),
        Move(name="kick step", period=4, pose=step.kick_step, steps=step.kick_steps, energy=0.75, calm_legs=False),
        Move(name="twist", period=8, pose=place.twist, energy=0.65, calm_legs=False),
        Move(name="robot", period=4, pose=place.robot, energy=0.5),
        Move(name="jump", period=4, pose=step.jump, steps=step.jump_steps, energy=0.95, calm_legs=False),
        Move(name="raise the roof", period=4, pose=place.raise_roof, energy=0.85),
        Move(name="sprinkler", period=4, pose=place.sprinkler, energy=0.6),
        Move(name="spin", period=4, pose=step.spin, steps=step.spin_steps, energy=0.7, calm_legs=False, turns=1),
        Move(name="bon sweep", period=8, pose=place.bon_sweep, energy=0.4),
        Move(name="bon clap", period=4, pose=step.bon_clap, steps=step.bon_steps, energy=0.5),
        Move(name="waltz box", period=6, pose=step.waltz_box, steps=step.waltz_steps, energy=0.5, calm_legs=False),
        Move(name="waltz sway", period=6, pose=place.waltz_sway, energy=0.3),
        Move(
            name="grapevine",
            period=8,
            pose=step.grapevine,
            steps=step.grapevine_steps,
            energy=0.55,
            calm_legs=False,
        ),
        Move(name="lean", period=4, pose=place.lean, energy=0.5),
    )
}
"""Every move, by name."""
