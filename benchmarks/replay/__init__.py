"""
Published evaluations replayed through the whole of `evaldrop run`, from replies their authors recorded.

    python -m benchmarks.replay vicuna80 PATH
    python -m benchmarks.replay llmbar PATH

PATH holds the recorded data: records, answers, judgments, judge prompts, published numbers. None of it is
kept here.
"""
