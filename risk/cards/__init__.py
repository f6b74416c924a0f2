"""Model cards: what a model is for, learnt from, is worth and cannot do, as data and as one page.

The sections are those of "Model Cards for Model Reporting" (Mitchell et al. 2019, arXiv:1810.03993), followed by
the heads of Regulation (EU) 2024/1689, articles 12 to 15 (record-keeping, transparency, human oversight, accuracy and
robustness), for orientation; no conformity is claimed. Words come from people (`Texts`), numbers only from the
model, its manifest and its evaluation, so that `findings` can tell when they no longer agree.
"""

from risk.cards.build import CARD_FORMAT, Sources, make_card
from risk.cards.check import findings
from risk.cards.page import card_page
from risk.cards.texts import Texts

__all__ = ["CARD_FORMAT", "Sources", "Texts", "card_page", "findings", "make_card"]
