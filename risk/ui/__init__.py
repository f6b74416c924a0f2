"""The web app: pages for reviewers and data scientists. It shows and forwards; it decides nothing.

``present/`` makes view-models without Streamlit and is tested without it; ``pages/`` draws them.
"""
