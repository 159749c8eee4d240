"""What does the file say is paid today?"""
