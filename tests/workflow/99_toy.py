# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Toy: a straight line
# $$y = a x$$

# %% tags=["parameters"]
data_path = ""  # file; any; your own table
out_dir = ""  # folder; any; where products go
mode = "full"  # one word; one of full, quick; size of the run
seed = 1  # 1; 0 to 4294967295; random streams
n_jobs = 1  # 1; 1 to 64; workers
slope = 2.0  # 1; 0 to 10; of the line

# %%
import matplotlib.pyplot as plt
import pandas as pd

from lib.workflow import Run

run = Run.start("99_toy", globals())

# %%
x = list(range(run.pick(10, 5)))
frame = pd.DataFrame({"x_m": x, "y_m": [slope * v for v in x]})
fig, ax = plt.subplots(figsize=(3.5, 2.5))
ax.plot(frame["x_m"], frame["y_m"])
run.number("slope[line]", slope, unit="1", published=2.0, tolerance=0.05, source="the toy itself, page 1")
if slope > 9:
    raise ValueError("the line is too steep")
run.diagnostic("straight", 0.0, ok=True, limit=1e-9)
run.figure(fig, "line", data=frame, caption="A straight line of known slope.", alt_text="A line rising to the right.")

# %%
stated = run.finish()
