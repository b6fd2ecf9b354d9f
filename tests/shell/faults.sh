#!/bin/sh
# A sample of the faults of tests/faults (make faults tries all): allocations and calls on files that fail.
FAULTS_MOST=${FAULTS_MOST:-8} tests/faults/run.sh | grep -vE '^[0-9]+ (passed|skipped)'
