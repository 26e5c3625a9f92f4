"""Approval, export and sending. Nothing leaves that a person has not approved, and nothing leaves twice."""
