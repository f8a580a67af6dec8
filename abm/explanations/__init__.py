"""What a run decided and why: records read, reasons, recounts."""
