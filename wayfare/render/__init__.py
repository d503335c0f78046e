"""What people read: in the terminal and as HTML."""
