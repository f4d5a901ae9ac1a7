"""Whose consent a job rests on: a record for every likeness, or a sentence that says how to make one."""

from collections.abc import Mapping

from omote.app.job import Job
from omote.core.errors import ConsentError, UsageError
from omote.guard.provenance import consent
from omote.guard.provenance.consent_record import ConsentRecord


def grants(job: Job, hashes: Mapping[str, str]) -> list[ConsentRecord]:
    """Return a consent record for every likeness.

    Args:
        job: what is asked for.
        hashes: SHA-256 of its ingredients, by role.

    Raises:
        ConsentError: one is missing; the message says how to make it.
        UsageError: a trial is to be used commercially.
    """
    if job.test_only and job.commercial:
        raise UsageError("--test-only makes a trial that is not for publication, so --commercial cannot go with it")
    given = [consent.read(path) for path in job.consent]
    found = []
    for item in job.ingredients():
        if not item.likeness:
            continue
        photo = hashes[item.role]
        if job.test_only:
            found.append(consent.test_only_record([photo], adult=True))
        elif given:
            found.append(_first_that_covers(given, job, photo))
        else:
            try:
                found.append(consent.require(photo, use=job.verb, commercial=job.commercial))
            except ConsentError as error:
                raise ConsentError(
                    f"{error}\n  `omote consent new {item.path} --person NAME --adult --uses {job.verb}` "
                    "records the consent that you have; `--test-only` makes a marked trial"
                ) from error
    return found


def _first_that_covers(given: list[ConsentRecord], job: Job, photo: str) -> ConsentRecord:
    """Return the first of the records given that covers this use of a photograph."""
    reasons = []
    for record in given:
        try:
            consent.covers(record, photo_sha256=photo, use=job.verb, commercial=job.commercial)
        except ConsentError as error:
            reasons.append(str(error))
        else:
            return record
    raise ConsentError("; ".join(reasons))
