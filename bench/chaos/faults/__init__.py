"""What can go wrong. To add a fault: a class in one of these modules, and its line here."""

from bench.chaos.faults import clocks, network, people, processes, restoring, storage, wire
from bench.chaos.faults.fault import Fault

FAULTS: tuple[type[Fault], ...] = (
    processes.KillSender,
    processes.KillEverySender,
    processes.KillDatabase,
    processes.KillWeb,
    processes.FreezeSender,
    wire.DropBeforeMail,
    wire.DropAfterRcpt,
    wire.DropInData,
    wire.DropAfterDot,
    wire.DropAfterReply,
    wire.TemporaryRefusal,
    wire.Refusal,
    wire.Hang,
    wire.CutReply,
    storage.DiskFull,
    storage.DiskFullWal,
    clocks.ClockForward,
    clocks.ClockBack,
    network.CutOff,
    restoring.PutBack,
    restoring.Clone,
    people.DoublePublish,
    people.PublishAgainstUnpublish,
    people.OptOut,
    people.Edit,
    people.Merge,
    people.Delete,
)
