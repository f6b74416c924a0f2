"""The web app. Start it with ``risk app``, which runs ``streamlit run app.py``; decides nothing itself."""

import streamlit as st

from risk.ui.door import ROUTES
from risk.ui.server import MIDDLEWARE, SCRIPT, lifespan

app = st.App(SCRIPT, routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan)
