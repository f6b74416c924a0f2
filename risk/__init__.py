"""Postal-shipment risk-scoring workbench: score declarations, explain every score, teach when to trust it."""
