import Arguments

/// Every subcommand, in the order of help.
enum CommandList {
    static let all: [CommandTree] = [
        .command(DemoCommand.self),
        .group(
            "models", abstract: "List, show, export and verify published versions.", section: "Models",
            default: "list",
            [
                .command(ModelsListCommand.self), .command(ModelsShowCommand.self),
                .command(ModelsExportCommand.self), .command(ModelsVerifyCommand.self),
            ]),
        .command(TrainCommand.self), .command(PublishCommand.self), .command(PromoteCommand.self),
        .command(RollbackCommand.self),
        .command(SubscribeCommand.self), .command(PredictCommand.self), .command(ScoreCommand.self),
        .command(LearnCommand.self),
        .group(
            "batch", abstract: "Score files into a shared store of predictions.", section: "Batch",
            [
                .command(BatchRunCommand.self), .command(BatchListCommand.self),
                .command(BatchShowCommand.self),
                .command(BatchApproveCommand.self), .command(BatchRejectCommand.self),
            ]),
        .command(PredictionsCommand.self),
        .group(
            "topics", abstract: "Create and list the topics.", section: "Log",
            [.command(TopicsApplyCommand.self), .command(TopicsListCommand.self)]),
        .group(
            "events", abstract: "Append events to the log.", section: "Log",
            [.command(EventsSendCommand.self)]),
        .group(
            "audit", abstract: "Check what stands in the log against what is promised.", section: "Log",
            [.command(AuditPredictionsCommand.self)]),
        .command(DoctorCommand.self),
        .group(
            "bench", abstract: "Measure this machine.", section: "Help",
            [
                .command(BenchScoreCommand.self), .command(BenchHotpathCommand.self),
                .command(BenchFillCommand.self), .command(BenchStreamCommand.self),
                .command(BenchLatencyCommand.self),
                .command(BenchSwapCommand.self), .command(BenchLiveCommand.self),
                .command(BenchCatalogCommand.self), .command(BenchPlotCommand.self),
            ]),
        .command(CompletionCommand.self),
    ]
}
