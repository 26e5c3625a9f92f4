"""The built-in brain: a marketer's words → typed tool calls, without a hosted model.

``normalise`` and ``spans`` find what every stretch of the text may be, ``parts`` and ``compose`` put the pieces
together in any
order, ``intents`` reads the text as every kind of request and ``rank`` charges for words left over; ``dialogue``
edits earlier
plans. All words live in ``prompts/lexicon/<language>``.
"""
