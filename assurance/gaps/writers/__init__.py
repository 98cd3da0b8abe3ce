"""Writers of gap reports, one format each: report in, text or bytes out.

All show the same rows from columns.py; none leaves a watermark out, and none shows a status that the row does not have.
Each takes a report as it is: what is a gap and what fails was decided before (report.py, judgement.py).
"""
