"""Digital humans."""
