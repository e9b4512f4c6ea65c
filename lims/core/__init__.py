"""What every package stands on: database, errors, clock, actor, audit, numbering, blobs, tasks, web."""
