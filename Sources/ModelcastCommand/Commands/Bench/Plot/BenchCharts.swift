import Charts

/// The charts of benchmarks' results.
enum BenchCharts {
    /// A drawing and the name of its file.
    struct File: Sendable, Equatable {
        var name: String
        var svg: String
    }

    /// Every chart for which there are lines.
    static func all(_ lines: [ResultLine]) throws -> [File] {
        try stream(lines.of("stream")) + latency(lines.of("latency")) + swap(lines.of("swap"))
            + live(lines.of("live")) + catalog(lines.of("catalog"))
    }

    private static let quantiles: [(key: String, value: Double)] = [
        ("p50Ms", 0.5), ("p90Ms", 0.9), ("p99Ms", 0.99), ("p999Ms", 0.999),
    ]

    /// Least milliseconds that a logarithmic axis shows.
    private static let leastMs = 1e-4

    private static func engineName(_ engine: String) -> String {
        switch engine {
        case "kafka": "Kafka"
        case "embedded": "the embedded log"
        default: engine
        }
    }

    private static func fileName(_ parts: String...) -> String {
        let text = parts.joined(separator: "-").lowercased()
        return text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined() + ".svg"
    }

    // MARK: Throughput

    private static func stream(_ lines: [ResultLine]) throws -> [File] {
        var files: [File] = []
        // The raw loop scores nothing: it belongs beside every model of its engine.
        let models = lines.grouped(by: ["engine", "model"]).map(\.values).filter { $0[1] != "none" }
        for names in models {
            let fitting = lines.filter {
                $0.text("engine") == names[0] && ($0.text("model") == names[1] || $0.text("model") == "none")
            }
            let place = "\(names[1]), \(engineName(names[0]))"
            files.append(
                try bars(
                    fitting, "eventsPerSecond", title: "Events per second: \(place)",
                    axis: "events per second",
                    file: fileName("stream", names[0], names[1])))
            files.append(
                try bars(
                    fitting, "cpuSecondsPer100k", title: "Processor time: \(place)",
                    axis: "CPU seconds per 100 000 events", file: fileName("stream-cpu", names[0], names[1])))
        }
        return files
    }

    private static func bars(
        _ lines: [ResultLine], _ key: String, title: String, axis: String, file: String
    ) throws -> File {
        let groups = lines.grouped(by: ["delivery", "workers"]).map(\.values)
            .sorted { ($0[0], $0[1]) > ($1[0], $1[1]) }
        let series = lines.grouped(by: ["peer"]).map { peer in
            BarChart.Series(
                peer.values[0],
                groups.map { group in
                    peer.lines.filter { $0.text("delivery") == group[0] && $0.text("workers") == group[1] }
                        .spread(of: key).map { .init($0.median, spread: $0.least...$0.greatest) }
                })
        }
        let chart = BarChart(
            title: title,
            description: "Bars by promise, number of workers and peer; whiskers are the rounds' least and "
                + "greatest.",
            axis: Axis(axis),
            groups: groups.map { "\($0[0]), \($0[1]) \($0[1] == "1" ? "worker" : "workers")" },
            series: series)
        return File(name: file, svg: try chart.svg())
    }

    // MARK: Latency

    private static func latency(_ lines: [ResultLine]) throws -> [File] {
        try lines.grouped(by: ["engine"]).map { names, lines in
            let groups = lines.grouped(by: ["peer", "delivery"])
            return try percentiles(
                groups.map { ("\($0.values[0]), \($0.values[1])", $0.lines) },
                title: "End-to-end latency, \(engineName(names[0]))",
                description: "Percentiles of the time from an event's scheduled send to its prediction at a "
                    + "read_committed reader.",
                file: fileName("latency", names[0]))
        }
    }

    private static func swap(_ lines: [ResultLine]) throws -> [File] {
        try lines.grouped(by: ["engine", "kind", "load"]).map { names, lines in
            let size = lines.first?.text("megabytes").map { "\($0) MB " } ?? ""
            let groups = lines.grouped(by: ["window"]).filter { ["steady", "swap"].contains($0.values[0]) }
            return try percentiles(
                groups.map {
                    ($0.values[0] == "steady" ? "steady state" : "while a model is swapped in", $0.lines)
                },
                title: "A batch's latency, \(size)\(names[1]), \(names[2]) load, \(engineName(names[0]))",
                description: "Percentiles of the time that a batch takes, in the steady state and while "
                    + "a model is fetched, verified, warmed, swapped in and the old one freed.",
                file: fileName("swap", names[0], names[1], names[2]))
        }
    }

    private static func percentiles(
        _ groups: [(name: String, lines: [ResultLine])], title: String, description: String, file: String
    ) throws -> File {
        let series = groups.compactMap { group -> LineChart.Series? in
            let points = quantiles.compactMap { quantile in
                group.lines.spread(of: quantile.key).map {
                    LineChart.Point(quantile.value, max($0.median, leastMs))
                }
            }
            return points.isEmpty ? nil : LineChart.Series(group.name, points)
        }
        let chart = LineChart(
            title: title, description: description, x: Axis("percentile", .quantile),
            y: Axis("milliseconds", .logarithmic), series: series)
        return File(name: file, svg: try chart.svg())
    }

    // MARK: Publish to live, and the catalog

    private static func live(_ lines: [ResultLine]) throws -> [File] {
        try lines.grouped(by: ["engine"]).map { names, lines in
            var series: [LineChart.Series] = []
            for (colour, size) in lines.grouped(by: ["size"]).enumerated() {
                for (key, word) in [("p50Ms", "p50"), ("p99Ms", "p99")] {
                    series.append(
                        .init(
                            "\(size.values[0]), \(word)", points(size.lines, x: "subscribers", y: key),
                            colour: colour, isDashed: key == "p99Ms"))
                }
            }
            let chart = LineChart(
                title: "Publish to live, \(engineName(names[0]))",
                description: "From the publisher's call to the first event scored by the new version, by "
                    + "size of the model and number of subscribing processes.",
                x: Axis("subscribing processes", .logarithmic), y: Axis("milliseconds", .logarithmic),
                series: series)
            return File(name: fileName("live", names[0]), svg: try chart.svg())
        }
    }

    private static func catalog(_ lines: [ResultLine]) throws -> [File] {
        guard !lines.isEmpty else { return [] }
        func file(_ title: String, _ y: Axis, _ keys: [(String, String)], _ name: String) throws -> File {
            var series: [LineChart.Series] = []
            for (colour, engine) in lines.grouped(by: ["engine"]).enumerated() {
                for (index, key) in keys.enumerated() {
                    series.append(
                        .init(
                            "\(key.1), \(engineName(engine.values[0]))",
                            points(engine.lines, x: "versions", y: key.0), colour: colour,
                            isDashed: index > 0))
                }
            }
            let chart = LineChart(
                title: title, description: "By the number of versions that the catalog holds.",
                x: Axis("versions in the catalog", .logarithmic), y: y, series: series)
            return File(name: name, svg: try chart.svg())
        }
        return [
            try file(
                "What a large catalog costs in time", Axis("milliseconds", .logarithmic),
                [("readyMs", "a consumer is ready"), ("publishMs", "a publication")], "catalog-time.svg"),
            try file(
                "What a consumer reads when it starts", Axis("bytes", .logarithmic),
                [("catalogBytes", "the catalog"), ("chunkBytes", "its model's chunks")],
                "catalog-bytes.svg"),
        ]
    }

    /// Medians of `y` by `x`, ascending.
    private static func points(_ lines: [ResultLine], x: String, y: String) -> [LineChart.Point] {
        lines.grouped(by: [x]).compactMap { group in
            guard let place = group.lines.first?.number(x), let spread = group.lines.spread(of: y) else {
                return nil
            }
            return LineChart.Point(place, max(spread.median, leastMs))
        }.sorted { $0.x < $1.x }
    }
}
