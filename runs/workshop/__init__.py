"""Where rules of one's own are begun, checked and tried against others."""
