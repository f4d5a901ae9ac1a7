"""Find people; the parametric body, its skeleton, skinning and motion."""
