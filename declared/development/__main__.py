"""`python -m declared.development`, which `make compose` calls: write the files for compose."""

from declared.development.compose import files
from declared.stacks import ROOT

for name, text in files().items():
    (ROOT / name).write_text(text)
    print(f"written: {name}")
