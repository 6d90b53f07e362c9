import Basics

/// A small table of taxi rides, the same one each time.
enum Rides {
    static func csv(rows: Int) -> String {
        var random = SeededRandom(seed: 7)
        var text = "trip,fare,miles,hour,payment,tips\n"
        for row in 0..<rows {
            let miles = 0.5 + 10 * random.unit()
            let fare = 3 + 2 * miles
            let hour = Int(24 * random.unit())
            let pays = random.unit() < 0.5 ? "Credit Card" : "Cash"
            let chance = (pays == "Cash" ? 0.1 : 0.7) + (hour > 18 ? 0.15 : 0)
            let tip = random.unit() < chance ? 0.25 * fare : 0.05 * fare
            let shownMiles = random.unit() < 0.05 ? "" : String(miles)
            text += "ride-\(row),\(fare),\(shownMiles),\(hour),\(pays),\(tip)\n"
        }
        return text
    }
}
