import Telemetry
import Testing

@Suite struct MetricsTests {
    @Test func theTextOfEveryKind() {
        let registry = MetricsRegistry()
        registry.counter("events_total", help: "Events.", labels: ["topic": "b", "group": "g"]).increment(
            by: 3 as UInt64)
        registry.counter("events_total", help: "Events.", labels: ["topic": "a", "group": "g"]).increment()
        registry.gauge("lag_records", help: "Records that wait.\nPer partition \\ all.").set(2.5)
        let histogram = registry.histogram("batch_seconds", help: "Time of a batch.", bounds: [0.1, 1])
        for value in [0.1, 0.100001, 5, .nan] { histogram.observe(value) }
        registry.reading("up", help: "Whether it runs.") { 1 }
        registry.reading("absent", help: "Never there.") { nil }
        let expected = """
            # HELP batch_seconds Time of a batch.
            # TYPE batch_seconds histogram
            batch_seconds_bucket{le="0.1"} 1
            batch_seconds_bucket{le="1"} 2
            batch_seconds_bucket{le="+Inf"} 3
            batch_seconds_sum 5.200001
            batch_seconds_count 3
            # HELP events_total Events.
            # TYPE events_total counter
            events_total{group="g",topic="a"} 1
            events_total{group="g",topic="b"} 3
            # HELP lag_records Records that wait.\\nPer partition \\\\ all.
            # TYPE lag_records gauge
            lag_records 2.5
            # HELP up Whether it runs.
            # TYPE up gauge
            up 1

            """
        let text = PrometheusText.text(of: registry)
        #expect(text == expected)
        #expect(PrometheusRules(checking: text).problems == [])
    }

    @Test(arguments: ["plain", "say \"hi\"", "back\\slash", "two\nlines", "é", "", "}", ",=\"{"])
    func anyLabelValueSurvives(value: String) {
        let registry = MetricsRegistry()
        registry.gauge("g", help: "G.", labels: ["name": value]).set(-1e-9)
        let rules = PrometheusRules(checking: PrometheusText.text(of: registry))
        #expect(rules.problems == [])
        #expect(rules.value("g", ["name": value]) == -1e-9)
    }

    @Test func numbersWithoutDecimalsInJSONAreThere() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("g", help: "G.")
        for value: Double in [.infinity, -.infinity, 1e300, -0.5, 0x1p53, 123_456_789] {
            gauge.set(value)
            #expect(PrometheusRules(checking: PrometheusText.text(of: registry)).value("g") == value)
        }
        gauge.set(Double.nan)
        #expect(PrometheusText.text(of: registry).hasSuffix("g NaN\n"))
    }

    @Test func theRulesWouldNotice() {
        for wrong in [
            "a 1", "# HELP a A.\n# TYPE a counter\na 1\n", "# TYPE a gauge\na 1\n",
            "# HELP a A.\n# TYPE a gauge\na x\n",
            "# HELP a A.\n# TYPE a gauge\na{b=\"c} 1\n", "# HELP a A.\n# TYPE a gauge\na 1\na 1\n",
            "# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n",
            "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\n",
            "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\n",
        ] {
            #expect(!PrometheusRules(checking: wrong).problems.isEmpty, "\(wrong)")
        }
    }

    @Test func theSameNameAndLabelsAreTheSameInstrument() {
        let registry = MetricsRegistry()
        let first = registry.counter("a_total", help: "A.", labels: ["x": "1", "y": "2"])
        let second = registry.counter("a_total", help: "A.", labels: ["y": "2", "x": "1"])
        #expect(first === second)
        #expect(first !== registry.counter("a_total", help: "A.", labels: ["x": "2", "y": "1"]))
    }

    @Test func labelValuesFromOutsideAreBounded() {
        let registry = MetricsRegistry()
        for number in 0..<(MetricsRegistry.seriesMax + 50) {
            registry.counter("a_total", help: "A.", labels: ["id": "\(number)"]).increment()
        }
        registry.counter("a_total", help: "A.", labels: ["id": "7"]).increment()
        registry.gauge("long", help: "L.", labels: ["id": String(repeating: "é", count: 100_000)]).set(1)
        let text = PrometheusText.text(of: registry)
        let rules = PrometheusRules(checking: text)
        #expect(rules.problems == [])
        #expect(rules.samples.filter { $0.name == "a_total" }.count == MetricsRegistry.seriesMax + 1)
        #expect(rules.value("a_total", ["id": "other"]) == 50)
        #expect(rules.value("a_total", ["id": "7"]) == 2)
        #expect(text.utf8.count < 100_000)
    }

    @Test func nothingIsLostBetweenThreads() async {
        let registry = MetricsRegistry()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let histogram = registry.histogram("h_seconds", help: "H.", bounds: [1, 2])
                    for number in 0..<1000 {
                        registry.counter("c_total", help: "C.").increment()
                        registry.gauge("g", help: "G.").add(1)
                        histogram.observe(Double(number % 3))
                    }
                }
            }
        }
        let rules = PrometheusRules(checking: PrometheusText.text(of: registry))
        #expect(rules.value("c_total") == 8000)
        #expect(rules.value("g") == 8000)
        #expect(rules.value("h_seconds_count") == 8000)
        #expect(rules.value("h_seconds_sum") == Double(8 * (0..<1000).map { $0 % 3 }.reduce(0, +)))
    }

    /// The bound is inclusive; every value falls into the first range that holds it, as a linear search would
    /// find it.
    @Test func valuesFallIntoTheirRange() {
        let histogram = MetricsRegistry().histogram("h", help: "H.", bounds: Histogram.secondsBounds)
        var expected = [UInt64](repeating: 0, count: Histogram.secondsBounds.count + 1)
        for value in Histogram.secondsBounds.flatMap({ [$0, $0.nextUp, $0.nextDown] }) + [0, -1, .infinity] {
            histogram.observe(value)
            expected[Histogram.secondsBounds.firstIndex { value <= $0 } ?? expected.count - 1] += 1
        }
        #expect(histogram.snapshot.counts == expected)
    }

    @Test func timeIsMeasuredInSecondsAlsoWhenTheWorkThrows() {
        struct Failure: Error {}
        let histogram = MetricsRegistry().histogram("h_seconds", help: "H.")
        #expect(throws: Failure.self) { try histogram.measure { throw Failure() } }
        #expect(histogram.measure { 5 } == 5)
        histogram.observe(.seconds(2))
        #expect(histogram.snapshot.counts.reduce(0, +) == 3)
        #expect(histogram.snapshot.sum > 2 && histogram.snapshot.sum < 3)
    }

    @Test func aWrongNameStopsTheProgram() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().counter("events", help: "No _total.")
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().gauge("9lives", help: "A digit first.")
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().gauge("a", help: "A.", labels: ["a-b": ""])
        }
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.gauge("a", help: "A.")
            _ = registry.histogram("a", help: "A.")
        }
    }
}

@Suite struct ProcessMetricsTests {
    @Test func theProcessMeasuresItself() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let rules = PrometheusRules(checking: PrometheusText.text(of: registry))
        #expect(rules.problems == [])
        #expect(try #require(rules.value("process_resident_memory_bytes")) > 1e6)
        #expect(try #require(rules.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(rules.value("process_open_fds")) >= 3)
        #expect(try #require(rules.value("process_max_fds")) >= 3)
        #expect(try #require(rules.value("process_start_time_seconds")) > 1.7e9)
    }
}

@Suite struct InternalEventTests {
    private struct ModelIsLive: InternalEvent {
        let model: String

        func write(to log: Log) { log.info("model is live", [LogKey("model"): .string(model)]) }
        func count(in metrics: MetricsRegistry) {
            metrics.counter("model_swaps_total", help: "Swaps.", labels: ["model": model]).increment()
        }
    }

    @Test func anEventWritesItsLineAndCounts() {
        let memory = LogMemory()
        let instruments = Instruments(log: Log(output: memory, component: "x"), metrics: MetricsRegistry())
        instruments.named("score").emit(ModelIsLive(model: "taxi"))
        Instruments.disabled.emit(ModelIsLive(model: "taxi"))
        #expect(memory.messages == ["model is live"])
        #expect(memory.entries.first?.component == "score")
        #expect(
            PrometheusText.text(of: instruments.metrics).contains("model_swaps_total{model=\"taxi\"} 1\n"))
    }
}
