"""StartRun: from an uploaded object or a schedule's event to an execution of the workflow."""
