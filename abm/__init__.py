"""The world that states, commissioners and labs act in: politics, delivery, the schedule and the data."""
