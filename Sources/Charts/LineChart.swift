/// Lines over two axes. Over quantiles (`Scale.Kind.quantile`) it is a chart of percentiles.
public struct LineChart: Sendable, Hashable {
    /// A point.
    public struct Point: Sendable, Hashable {
        /// Its place on the horizontal axis.
        public var x: Double
        /// Its place on the vertical axis.
        public var y: Double

        /// A point.
        public init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// A line.
    public struct Series: Sendable, Hashable {
        /// Its name in the legend.
        public var name: String
        /// Its points, in the order in which they are joined.
        public var points: [Point]
        /// Which of the colours it has; nil: the next one. Lines that belong together share one.
        public var colour: Int?
        /// Whether it is dashed.
        public var isDashed: Bool

        /// A line.
        public init(_ name: String, _ points: [Point], colour: Int? = nil, isDashed: Bool = false) {
            self.name = name
            self.points = points
            self.colour = colour
            self.isDashed = isDashed
        }
    }

    /// The heading.
    public var title: String
    /// What the chart says, for those who do not see it.
    public var description: String
    /// The horizontal axis.
    public var x: Axis
    /// The vertical axis.
    public var y: Axis
    /// The lines.
    public var series: [Series]

    /// A chart.
    public init(title: String, description: String, x: Axis, y: Axis, series: [Series]) {
        self.title = title
        self.description = description
        self.x = x
        self.y = y
        self.series = series
    }

    private static let height = 420.0

    /// The drawing as SVG. Throws `empty` without points, `value` for one that its axis cannot show.
    public func svg() throws(ChartError) -> String {
        guard !series.isEmpty, series.allSatisfy({ !$0.points.isEmpty }) else {
            throw ChartError(.empty, "chart '\(title)' has a line without points, or no line")
        }
        let points = series.flatMap(\.points)
        let horizontal = try Scale(x.scale, covering: points.map(\.x))
        let vertical = try Scale(y.scale, covering: points.map(\.y))
        return ChartStyle.document(title: title, description: description, height: LineChart.height) { svg in
            let top = ChartStyle.legend(
                series.map(\.name), from: ChartStyle.margin + ChartStyle.titleSize + 20, &svg,
                mark: drawKey)
            let left =
                ChartStyle.margin + 10
                + (vertical.ticks.map { SVGWriter.width(of: $0.label, size: ChartStyle.textSize) }.max() ?? 0)
            let frame = Frame(
                left: left, top: top + 22, right: ChartStyle.width - ChartStyle.margin - 12,
                bottom: LineChart.height - 52)
            draw(axes: (horizontal, vertical), in: frame, &svg)
            for index in series.indices { draw(line: index, horizontal, vertical, frame, &svg) }
        }
    }

    private struct Frame {
        var left, top, right, bottom: Double

        func x(_ share: Double) -> Double { left + share * (right - left) }
        func y(_ share: Double) -> Double { bottom - share * (bottom - top) }
    }

    private func draw(axes: (Scale, Scale), in frame: Frame, _ svg: inout SVGWriter) {
        let number = SVGWriter.number
        svg.element("text", ["class": "faint", "x": number(ChartStyle.margin), "y": number(frame.top - 12)]) {
            $0.write(y.label)
        }
        for tick in axes.1.ticks {
            let place = frame.y(axes.1.position(tick.value))
            svg.element(
                "line",
                [
                    "class": "grid", "x1": number(frame.left), "x2": number(frame.right), "y1": number(place),
                    "y2": number(place),
                ])
            svg.element(
                "text",
                [
                    "class": "faint", "x": number(frame.left - 7), "y": number(place + 4),
                    "text-anchor": "end",
                ]
            ) { $0.write(tick.label) }
        }
        var free = -Double.infinity
        for tick in axes.0.ticks {
            let place = frame.x(axes.0.position(tick.value))
            svg.element(
                "line",
                [
                    "class": "axis", "x1": number(place), "x2": number(place), "y1": number(frame.bottom),
                    "y2": number(frame.bottom + 5),
                ])
            let half = SVGWriter.width(of: tick.label, size: ChartStyle.textSize) / 2
            guard place - half > free else { continue }
            free = place + half + 8
            svg.element(
                "text",
                [
                    "class": "faint", "x": number(place), "y": number(frame.bottom + 19),
                    "text-anchor": "middle",
                ]
            ) { $0.write(tick.label) }
        }
        svg.element(
            "line",
            [
                "class": "axis", "x1": number(frame.left), "x2": number(frame.right),
                "y1": number(frame.bottom), "y2": number(frame.bottom),
            ])
        svg.element(
            "text",
            [
                "class": "faint", "x": number(frame.right), "y": number(frame.bottom + 38),
                "text-anchor": "end",
            ]
        ) { $0.write(x.label) }
    }

    private func colour(_ index: Int) -> String {
        "s\((series[index].colour ?? index) % ChartStyle.seriesCount)"
    }

    private func drawKey(_ index: Int, _ x: Double, _ y: Double, _ svg: inout SVGWriter) {
        let number = SVGWriter.number
        svg.element(
            "line",
            [
                "class": "\(colour(index)) line\(series[index].isDashed ? " dash" : "")",
                "x1": number(x), "x2": number(x + 24), "y1": number(y), "y2": number(y),
            ])
        svg.element(
            "circle", ["class": "\(colour(index)) halo", "cx": number(x + 12), "cy": number(y), "r": "4"])
    }

    private func draw(
        line index: Int, _ horizontal: Scale, _ vertical: Scale, _ frame: Frame, _ svg: inout SVGWriter
    ) {
        let number = SVGWriter.number
        let places = series[index].points.map { point in
            (frame.x(horizontal.position(point.x)), frame.y(vertical.position(point.y)), point)
        }
        svg.element(
            "polyline",
            [
                "class": "\(colour(index)) line\(series[index].isDashed ? " dash" : "")",
                "points": places.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " "),
            ])
        for (x, y, point) in places {
            svg.element(
                "circle",
                ["class": "\(colour(index)) halo", "cx": number(x), "cy": number(y), "r": "4"]
            ) { svg in
                svg.element("title") {
                    $0.write(
                        "\(series[index].name): \(NumberText.short(point.y)) at "
                            + "\(NumberText.short(point.x))")
                }
            }
        }
    }
}
