/// How charts look: colours that differ for people who do not see all of them, light and dark.
enum ChartStyle {
    static let width = 760.0
    static let margin = 18.0
    static let titleSize = 17.0
    static let textSize = 12.5

    /// Series beyond these repeat the colours with another mark.
    static let seriesCount = 8

    /// After Okabe and Ito, the yellow left out; lighter ones on dark ground.
    private static let light = [
        "#0072b2", "#d55e00", "#009e73", "#b04f8a", "#8a6d00", "#3f8fc0", "#5b4fa8", "#6b6b6b",
    ]
    private static let dark = [
        "#56b4e9", "#f0883e", "#3fc99b", "#e08dc0", "#d8b93c", "#8ecbee", "#a79df0", "#b0b0b0",
    ]

    /// The style sheet. Classes: `s0`… for a series' colour as stroke and fill.
    static let sheet: String = {
        func rules(_ colours: [String], ground: String, text: String, faint: String, line: String) -> String {
            var rules = ".ground{fill:\(ground)}text{fill:\(text)}.faint{fill:\(faint)}.grid{stroke:\(line)}"
            rules += ".axis{stroke:\(faint)}.halo{stroke:\(ground)}.whisker{stroke:\(text)}"
            for (index, colour) in colours.enumerated() {
                rules += ".s\(index){fill:\(colour);stroke:\(colour)}"
            }
            return rules
        }
        return "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
            + "'DejaVu Sans',sans-serif;font-size:\(textSize)px;stroke:none}"
            + ".title{font-size:\(titleSize)px;font-weight:600}.grid{stroke-width:1}.axis{stroke-width:1}"
            + ".line{fill:none!important;stroke-width:2.2;stroke-linejoin:round}.dash{stroke-dasharray:6 4}"
            + ".bar{stroke:none!important}.halo{stroke-width:1.2}.whisker{stroke-width:1.4;fill:none}"
            + rules(light, ground: "#ffffff", text: "#1f2328", faint: "#59636e", line: "#e3e6ea")
            + "@media(prefers-color-scheme:dark){"
            + rules(dark, ground: "#0d1117", text: "#e6edf3", faint: "#9198a1", line: "#2b3139") + "}"
    }()

    /// A drawing with ground, title and description, `height` high.
    static func document(
        title: String, description: String, height: Double, _ body: (inout SVGWriter) -> Void
    ) -> String {
        var svg = SVGWriter()
        let size = (SVGWriter.number(width), SVGWriter.number(height))
        svg.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(size.0) \(size.1)",
                "width": size.0, "height": size.1, "role": "img", "aria-labelledby": "title desc",
            ]
        ) { svg in
            svg.element("title", ["id": "title"]) { $0.write(title) }
            svg.element("desc", ["id": "desc"]) { $0.write(description) }
            svg.element("style") { $0.write(styleSheet: sheet) }
            svg.element("rect", ["class": "ground", "width": size.0, "height": size.1, "rx": "6"])
            svg.element(
                "text",
                [
                    "class": "title", "x": SVGWriter.number(margin),
                    "y": SVGWriter.number(margin + titleSize * 0.8),
                ]
            ) { $0.write(title) }
            body(&svg)
        }
        return svg.text
    }

    /// The names of the series in rows under the title; returns where the rows end.
    static func legend(
        _ names: [String], from top: Double, _ svg: inout SVGWriter,
        mark: (Int, Double, Double, inout SVGWriter) -> Void
    ) -> Double {
        var x = margin
        var y = top
        for (index, name) in names.enumerated() {
            let wide = 30 + SVGWriter.width(of: name, size: textSize) + 18
            if x + wide > width - margin, x > margin {
                x = margin
                y += 20
            }
            mark(index, x, y - 4, &svg)
            svg.element("text", ["x": SVGWriter.number(x + 30), "y": SVGWriter.number(y)]) { $0.write(name) }
            x += wide
        }
        return y + 10
    }
}
