import Arguments
import Basics
import FoundationEssentials

/// `modelcast bench plot`: charts and tables from the lines that benchmarks print.
struct BenchPlotCommand: Command {
    static let results = Argument(
        "RESULTS", repeated: .file, isRequired: true, help: "Files of result lines (JSON lines).")
    static let folder = Option(
        "output", optional: .directory, short: "o", help: "Write the charts into this folder.")
    static let document = Option(
        "document", optional: .file, help: "Fill the tables of this Markdown document, between its markers.")
    static let spec = CommandSpec(
        "plot", abstract: "Draw charts and fill tables from results of benchmarks.",
        discussion: """
            Lines are what `modelcast bench … --format json` and the drivers in Benchmarks print. Values \
            are medians over the rounds, spreads their least and greatest.
            """,
        arguments: [results], options: [folder, document] + CommonOptions.all,
        examples: [
            .init(
                "modelcast bench plot Benchmarks/results/*.jsonl --output docs/plots",
                "Draw a chart of each kind of result.")
        ])

    let common: CommonOptions
    let results: [String]
    let folder: String?
    let document: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        results = try values[Self.results]
        folder = try values[Self.folder]
        document = try values[Self.document]
        guard folder != nil || document != nil else {
            throw UsageError(
                .conflict, "there is nothing to make",
                hint: "Give --output FOLDER for charts, --document FILE for tables, or both.")
        }
    }

    private static let documentBytesMax = 16 << 20

    func run() async throws {
        let lines = try ResultLine.read(results)
        guard !lines.isEmpty else {
            throw CommandError(.notFound, "the files hold no results", recovery: .fixInput)
        }
        var files: [String] = []
        var plots: [String: String] = [:]
        if let folder {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for chart in try BenchCharts.all(lines) {
                let path = "\(folder)/\(chart.name)"
                try Data(chart.svg.utf8).write(to: URL(filePath: path), options: .atomic)
                files.append(path)
                plots[String(chart.name.dropLast(".svg".count))] = link(to: path)
            }
        }
        if let document {
            let text = String(
                decoding: try InputFile.read(document, bytesMax: Self.documentBytesMax), as: UTF8.self)
            let filled = try ReportDocument.filled(text, from: lines, plots: plots)
            try Data(filled.utf8).write(to: URL(filePath: document), options: .atomic)
            files.append(document)
        }
        try common.output.table(
            [.text("written")], files.map { (["written": .string($0)], [$0]) }, empty: "no charts")
        try common.output.summary("bench plot", ["lines": JSON(lines.count), "files": JSON(files.count)])
    }

    /// The path of a chart as the document names it: from its own folder on, where it stands below that.
    private func link(to path: String) -> String {
        let folder = document?.lastIndex(of: "/").map { document?[...$0] ?? "" } ?? ""
        return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    }
}
