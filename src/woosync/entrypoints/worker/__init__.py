"""Background work: procrastinate runs what requests, schedules and wake-ups ask for."""
