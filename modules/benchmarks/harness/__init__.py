"""The harness: peers.py says what runs, cases.py how it is loaded and what Vecho has to reach, report.py what is shown."""
