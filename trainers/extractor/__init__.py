"""The model of `extract_html: {engine: kernel}`: trained on pages whose blocks are labelled, shipped as plain arrays.

    python -m trainers.extractor.train --pages FOLDER -o curate/extract/models/main_text.npz

labels    from a page's reference text, or from letters given by people who read it, to one label per block
pages     labelled pages, ready for the model
scores    how near an extracted text is to the reference
train     the program

Needs the extra `extractor` (catboost) and the pages, which are not ours to give: `labels.jsonl` holds the letters by
the page's id and the sums of its blocks, no text.
"""
