"""What do exports of usage say, and which deal file follows from them?"""
