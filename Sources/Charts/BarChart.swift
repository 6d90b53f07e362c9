/// Horizontal bars in groups, each with its number, and a whisker for its spread where one is given.
public struct BarChart: Sendable, Hashable {
    /// A bar.
    public struct Bar: Sendable, Hashable {
        /// Its length.
        public var value: Double
        /// The least and the greatest of what the value stands for.
        public var spread: ClosedRange<Double>?

        /// A bar.
        public init(_ value: Double, spread: ClosedRange<Double>? = nil) {
            self.value = value
            self.spread = spread
        }
    }

    /// Bars of one colour, one in each group; nil where there is none.
    public struct Series: Sendable, Hashable {
        /// Its name in the legend; a chart of one series has none.
        public var name: String
        /// As many as there are groups.
        public var bars: [Bar?]

        /// A series.
        public init(_ name: String, _ bars: [Bar?]) {
            self.name = name
            self.bars = bars
        }
    }

    /// The heading.
    public var title: String
    /// What the chart says, for those who do not see it.
    public var description: String
    /// What the numbers are. A logarithmic axis begins below the least value, so that lengths say nothing
    /// and only the ends do; use it where values differ by powers of ten.
    public var axis: Axis
    /// The names of the groups.
    public var groups: [String]
    /// The series.
    public var series: [Series]

    /// A chart.
    public init(title: String, description: String, axis: Axis, groups: [String], series: [Series]) {
        self.title = title
        self.description = description
        self.axis = axis
        self.groups = groups
        self.series = series
    }

    private static let thickness = 17.0
    private static let gap = 14.0

    /// The drawing as SVG. Throws `empty` without bars, `shape` when a series has not as many bars as there
    /// are groups, `value` for a value that the axis cannot show.
    public func svg() throws(ChartError) -> String {
        for one in series where one.bars.count != groups.count {
            throw ChartError(
                .shape, "series '\(one.name)' has \(one.bars.count) bars for \(groups.count) groups")
        }
        let bars = series.flatMap { $0.bars.compactMap { $0 } }
        guard !bars.isEmpty else { throw ChartError(.empty, "chart '\(title)' has no bars") }
        var values = bars.map(\.value)
        for bar in bars { if let spread = bar.spread { values += [spread.lowerBound, spread.upperBound] } }
        if axis.scale == .linear, let negative = values.first(where: { $0 < 0 }) {
            throw ChartError(.value, "a bar of length \(negative)")
        }
        let scale = try Scale(axis.scale, covering: values)
        let group = Double(series.count) * BarChart.thickness + BarChart.gap
        let hasLegend = series.count > 1
        let body = Double(groups.count) * group
        let legendRows = hasLegend ? 1 + legendWidth() / (ChartStyle.width - 2 * ChartStyle.margin) : 0
        let top = ChartStyle.margin + ChartStyle.titleSize + 20 + legendRows.rounded(.down) * 20
        return ChartStyle.document(title: title, description: description, height: top + body + 50) { svg in
            if hasLegend {
                _ = ChartStyle.legend(
                    series.map(\.name), from: ChartStyle.margin + ChartStyle.titleSize + 20, &svg
                ) { index, x, y, svg in
                    svg.element(
                        "rect",
                        [
                            "class": "s\(index % ChartStyle.seriesCount) bar", "x": SVGWriter.number(x + 8),
                            "y": SVGWriter.number(y - 6), "width": "14", "height": "12", "rx": "2",
                        ])
                }
            }
            draw(scale, top: top, group: group, &svg)
        }
    }

    private func legendWidth() -> Double {
        series.reduce(0) { $0 + 48 + SVGWriter.width(of: $1.name, size: ChartStyle.textSize) }
    }

    private func draw(_ scale: Scale, top: Double, group: Double, _ svg: inout SVGWriter) {
        let number = SVGWriter.number
        let names = groups.map { SVGWriter.width(of: $0, size: ChartStyle.textSize) }.max() ?? 0
        let left = ChartStyle.margin + min(names, 330) + 10
        let right = ChartStyle.width - ChartStyle.margin - 74
        let bottom = top + Double(groups.count) * group
        func x(_ value: Double) -> Double { left + scale.position(value) * (right - left) }
        var free = -Double.infinity
        for tick in scale.ticks {
            svg.element(
                "line",
                [
                    "class": "grid", "x1": number(x(tick.value)), "x2": number(x(tick.value)),
                    "y1": number(top), "y2": number(bottom),
                ])
            let half = SVGWriter.width(of: tick.label, size: ChartStyle.textSize) / 2
            guard x(tick.value) - half > free else { continue }
            free = x(tick.value) + half + 8
            svg.element(
                "text",
                [
                    "class": "faint", "x": number(x(tick.value)), "y": number(bottom + 17),
                    "text-anchor": "middle",
                ]
            ) { $0.write(tick.label) }
        }
        svg.element(
            "text",
            ["class": "faint", "x": number(right), "y": number(bottom + 37), "text-anchor": "end"]
        ) { $0.write(axis.label) }
        for (index, name) in groups.enumerated() {
            let start = top + Double(index) * group + BarChart.gap / 2
            let middle = start + Double(series.count) * BarChart.thickness / 2
            svg.element(
                "text", ["x": number(left - 8), "y": number(middle + 4), "text-anchor": "end"]
            ) { $0.write(name) }
            for (row, one) in series.enumerated() {
                guard let bar = one.bars[index] else { continue }
                draw(
                    bar, name: "\(name), \(one.name)", colour: row,
                    y: start + Double(row) * BarChart.thickness, left: left, x: x, &svg)
            }
        }
        svg.element(
            "line",
            [
                "class": "axis", "x1": number(left), "x2": number(left), "y1": number(top),
                "y2": number(bottom),
            ])
    }

    private func draw(
        _ bar: Bar, name: String, colour: Int, y: Double, left: Double, x: (Double) -> Double,
        _ svg: inout SVGWriter
    ) {
        let number = SVGWriter.number
        let middle = y + BarChart.thickness / 2
        svg.element(
            "rect",
            [
                "class": "s\(colour % ChartStyle.seriesCount) bar", "x": number(left), "y": number(y + 1),
                "width": number(max(1, x(bar.value) - left)), "height": number(BarChart.thickness - 3),
                "rx": "2",
            ]
        ) { svg in svg.element("title") { $0.write("\(name): \(NumberText.short(bar.value))") } }
        var end = x(bar.value)
        if let spread = bar.spread, spread.upperBound > spread.lowerBound {
            let low = x(spread.lowerBound)
            let high = x(spread.upperBound)
            end = max(end, high)
            svg.element(
                "path",
                [
                    "class": "whisker",
                    "d": "M\(number(low)) \(number(middle))H\(number(high))"
                        + "M\(number(low)) \(number(middle - 4))v8M\(number(high)) \(number(middle - 4))v8",
                ])
        }
        svg.element("text", ["x": number(end + 6), "y": number(middle + 4)]) {
            $0.write(NumberText.short(bar.value))
        }
    }
}
