"""Many runs by one command: their plan, their folder, and a supervisor for each."""
