#!/usr/bin/env python3
"""Writes tests/specimens/harness/: what lm-evaluation-harness says of two models, and what follows from it.

    make_harness.py BASE TUNED     two folders of models; needs lm_eval (0.4.13 was used)
    make_harness.py                writes expected.json again

Three tasks of the form of MMLU-Pro's subjects with a few questions each, and their group. Results and samples are the
harness's own, without what it says of the machine. harness/old/ has the same results with the keys of versions before
0.4. expected.json has the changes and their errors, by plain loops.
"""
import glob
import json
import math
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness")
DATE = "2026-01-02T03-04-05.678901"
KEPT = ("results", "groups", "group_subtasks", "versions", "n-shot", "higher_is_better", "n-samples", "lm_eval_version")
TASK = """task: mmlu_pro_{name}
task_alias: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{file}"}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{{{question}}}}\\nAnswer:"
doc_to_choice: "{{{{options}}}}"
doc_to_target: answer_index
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
"""
GROUP = """group: mmlu_pro
task: [mmlu_pro_math, mmlu_pro_law, mmlu_pro_computer_science]
aggregate_metric_list:
  - {metric: acc, aggregation: mean, weight_by_size: true}
"""


def shuffled(options):
    order = list(range(len(options)))
    random.shuffle(order)
    return {"options": [str(options[k]) for k in order], "answer_index": order.index(0)}


def questions():
    random.seed(3)
    math_, law, bits = [], [], []
    for _ in range(12):
        a, b = random.randint(2, 30), random.randint(2, 30)
        options = [a + b, a + b + random.randint(1, 5), a + b - random.randint(1, 5), a + b + 10]
        math_.append({"question": f"What is {a} + {b}?", **shuffled(options)})
    for _ in range(10):
        thing = random.choice(["a contract", "a tort", "a trust", "a lien", "a deed", "a will", "an easement"])
        options = [f"Whoever signed {thing}", f"The owner of {thing}", "The state", "Nobody"]
        law.append({"question": f"Who is bound by {thing}?", "options": options, "answer_index": random.randrange(4)})
    for _ in range(8):
        k = random.randint(2, 6)
        bits.append({"question": f"How many values have {k} bits?", **shuffled([2**k, 2 * k, k * k, 2**k - 1])})
    return {"math": math_, "law": law, "computer_science": bits}


def run(model, tasks, out):
    subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "lm_eval"), "--model", "hf", "--model_args",
         f"pretrained={model},dtype=float32,max_length=512", "--tasks", "mmlu_pro", "--include_path", tasks,
         "--device", "cpu", "--batch_size", "4", "--log_samples", "--output_path", out], check=True)


def keep(found, to):
    os.makedirs(to, exist_ok=True)
    results = json.load(open(glob.glob(f"{found}/*/results_*.json")[0], encoding="utf-8"))
    results = {key: results[key] for key in KEPT}
    with open(f"{to}/results_{DATE}.json", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=2)
        f.write("\n")
    for path in glob.glob(f"{found}/*/samples_*.jsonl"):
        task = os.path.basename(path)[len("samples_"):].rsplit("_", 1)[0]
        with open(f"{to}/samples_{task}_{DATE}.jsonl", "w", encoding="utf-8") as f:
            f.writelines(open(path, encoding="utf-8"))
    return results


def old(results, to):
    """The same with the keys of version 0.3: no filters, no groups."""
    os.makedirs(os.path.dirname(to), exist_ok=True)
    tasks = {}
    for name, figures in results["results"].items():
        if name == "mmlu_pro":
            continue
        tasks[name] = {key.split(",")[0]: value for key, value in figures.items() if "," in key}
    with open(to, "w", encoding="utf-8") as f:
        json.dump({"results": tasks, "versions": {name: 0 for name in tasks}}, f, indent=2)
        f.write("\n")


def values(model, task, metric):
    lines = [json.loads(line) for line in open(f"{HERE}/{model}/samples_{task}_{DATE}.jsonl", encoding="utf-8")]
    return [line[metric] for line in sorted(lines, key=lambda line: line["doc_id"])]


def mean_and_error(x):
    """The error is None where all values are equal: nothing is known of their spread."""
    mean = sum(x) / len(x)
    if min(x) == max(x):
        return mean, None
    return mean, math.sqrt(sum((v - mean) ** 2 for v in x) / (len(x) - 1) / len(x))


def expected():
    out = {}
    for metric in ("acc", "acc_norm"):
        for task in ("mmlu_pro_math", "mmlu_pro_law", "mmlu_pro_computer_science"):
            base, tuned = values("base", task, metric), values("tuned", task, metric)
            (b, b_se), (t, t_se) = mean_and_error(base), mean_and_error(tuned)
            change, paired = mean_and_error([y - x for x, y in zip(base, tuned)])
            independent = math.hypot(b_se or 0, t_se or 0)
            out[f"{task} {metric}"] = {"n": len(base), "base": 100 * b, "tuned": 100 * t, "change": 100 * change,
                                       "paired_se": paired and 100 * paired, "independent_se": 100 * independent}
    parts = [out[f"mmlu_pro_{name} acc"] for name in ("math", "law", "computer_science")]
    n = sum(p["n"] for p in parts)
    out["all acc"] = {"n": n, "change": sum(p["n"] * p["change"] for p in parts) / n,
                      "paired_se": math.sqrt(sum((p["n"] * (p["paired_se"] or 0)) ** 2 for p in parts)) / n,
                      "independent_se": math.sqrt(sum((p["n"] * p["independent_se"]) ** 2 for p in parts)) / n}
    return out


def main():
    with tempfile.TemporaryDirectory() as work:
        for name, lines in questions().items():
            with open(f"{work}/{name}.jsonl", "w", encoding="utf-8") as f:
                f.writelines(json.dumps(line) + "\n" for line in lines)
            with open(f"{work}/{name}.yaml", "w", encoding="utf-8") as f:
                f.write(TASK.format(name=name, file=f"{work}/{name}.jsonl"))
        with open(f"{work}/group.yaml", "w", encoding="utf-8") as f:
            f.write(GROUP)
        for model, name in zip(sys.argv[1:3], ("base", "tuned")):
            run(model, work, f"{work}/out/{name}")
            old(keep(f"{work}/out/{name}", f"{HERE}/{name}"), f"{HERE}/old/{name}.json")


if len(sys.argv) > 1:
    main()
with open(f"{HERE}/expected.json", "w", encoding="utf-8") as f:
    json.dump(expected(), f, indent=1)
    f.write("\n")
