"""View-models: what a page shows, as plain data, made without Streamlit and tested without it."""
