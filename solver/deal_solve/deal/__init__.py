"""The deal as stated: file, rate card, offers, workloads, cohorts."""
