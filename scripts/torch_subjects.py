"""What scripts/compare_torch times: PyTorch's attention by backend, and FlashCore's phases. torch and flashcore are
handed in, so that this can be read without them.
"""
import warnings

from ncu_runs import Stop


class Refused(Exception):
    """Why a subject does not serve a problem."""


class TorchSubject:
    """scaled_dot_product_attention with one backend allowed."""

    def __init__(self, torch, backend, name, title):
        self.torch, self.backend = torch, backend
        self.name, self.title, self.kind, self.reference = f"torch.{name}", title, "kernel", True

    def prepare(self, problem, q, k, v):
        torch = self.torch
        if problem.causal and problem.sq != problem.sk:
            raise Refused("PyTorch's is_causal is aligned top left, FlashCore's mask bottom right: where Sq and Sk "
                          "differ they are two problems")
        attention = torch.nn.functional.scaled_dot_product_attention
        options = {"is_causal": problem.causal}
        if problem.h != problem.hkv:
            options["enable_gqa"] = True

        def launch():
            with torch.nn.attention.sdpa_kernel(self.backend):
                return attention(q, k, v, **options)

        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                launch()
                torch.cuda.synchronize()
            except torch.cuda.OutOfMemoryError as error:
                raise Refused("the GPU's memory does not hold it") from error
            except RuntimeError as error:
                reasons = [str(entry.message).split(" (Triggered internally")[0] for entry in told]
                raise Refused(" ".join(" ".join(reasons or [str(error)]).split())[:400]) from error
        return launch, {}


class PhaseSubject:
    """A phase of FlashCore."""

    def __init__(self, flashcore, phase):
        self.flashcore = flashcore
        self.name, self.title, self.kind, self.reference = phase.id, phase.title, "phase", phase.reference

    def prepare(self, problem, q, k, v):
        options = {"causal": problem.causal, "phase": self.name}
        out = q.new_empty(q.shape)
        reason = self.flashcore.why_not(q, k, v, out=out, **options)
        if reason:
            raise Refused(reason)
        try:
            planned = self.flashcore.plan(q, k, v, out=out, **options)  # may not be made within a capture
        except (ValueError, RuntimeError) as error:
            raise Refused(str(error)) from error
        attention = self.flashcore.attention
        return lambda: attention(q, k, v, out=out, **options), {"choice": planned.choice} if planned.choice else {}


def chosen(names, known, what):
    if names in ("all", "none"):
        return list(known) if names == "all" else []
    wanted = names.split(",")
    for name in wanted:
        if name not in known:
            raise Stop(2, f"unknown {what} '{name}'; there are {', '.join(known)}")
    return wanted


def make_subjects(torch, flashcore, phases, phase_names, backend_names):
    subjects = []
    by_name = {phase.id: phase for phase in phases}
    for name in chosen(phase_names, by_name, "phase"):
        subjects.append(PhaseSubject(flashcore, by_name[name]))
    backend = torch.nn.attention.SDPBackend
    backends = {"flash_attention_2": (backend.FLASH_ATTENTION, "PyTorch SDPA, FlashAttention-2"),
                "cudnn": (backend.CUDNN_ATTENTION, "PyTorch SDPA, cuDNN"),
                "efficient": (backend.EFFICIENT_ATTENTION, "PyTorch SDPA, memory-efficient"),
                "math": (backend.MATH, "PyTorch SDPA, math (unfused)")}
    for name in chosen(backend_names, backends, "backend"):
        subjects.append(TorchSubject(torch, backends[name][0], name, backends[name][1]))
    if not subjects:
        raise Stop(2, "neither a phase nor a backend was named")
    return subjects
