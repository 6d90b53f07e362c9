public import Basics
internal import Glibc
public import Tabular

/// Makes taxi rides out of a seed: the same seed gives the same rides.
///
/// Rides come in the order of time, two hours apart on average: a sample of a city's rides. An area is drawn
/// for each end, the distance between them gives miles, seconds and the fare; passengers pay by card the
/// likelier the longer the ride and the closer to the centre. Whether the tip is more than a fifth of the
/// fare is drawn with a chance (`Ride.tipChance`) that depends on payment, fare, hour and areas, partly
/// through interactions that a linear model cannot express; then the amount is drawn. Cells go missing as in
/// the real data: the company for a third of the rides, the payment for one in eight. The best possible model
/// has an AUC of about 0.9.
public struct RideSimulator: Sendable, IteratorProtocol {
    /// How passengers tip.
    public struct Behaviour: Sendable, Hashable {
        /// Added to every ride's log-odds.
        public var generosity: Double
        /// The weight of payment by card.
        public var card: Double
        /// The weight of the hour, which acts in the evening in the centre and, reversed, elsewhere.
        public var hour: Double
        /// The weight of the fare: short rides get a greater share.
        public var fare: Double

        /// As it usually is.
        public static let usual = Behaviour(generosity: -1.2, card: 3.8, hour: 2.0, fare: 1.2)
        /// After a change of habits, to demonstrate drift: tips at other hours and for other fares, and
        /// paying by card tells less.
        public static let changed = Behaviour(generosity: -0.6, card: 2.0, hour: -1.8, fare: -1.2)
    }

    /// How passengers of the next rides tip; may be changed between rides.
    public var behaviour: Behaviour
    /// Rides made so far.
    public private(set) var count = 0
    private var random: SeededRandom
    /// Seconds since the epoch.
    private var time: Double

    /// Rides of `seed`, the first soon after `start` (2015-01-01 unless given).
    public init(
        seed: UInt64, behaviour: Behaviour = .usual,
        start: Timestamp = Timestamp(milliseconds: 1_420_070_400_000)
    ) {
        random = SeededRandom(seed: seed)
        self.behaviour = behaviour
        time = Double(start.milliseconds) / 1_000
    }

    /// The next ride; never nil.
    public mutating func next() -> Ride? { ride() }

    /// The next ride.
    public mutating func ride() -> Ride {
        count += 1
        time += -log(1 - random.unit()) * 7_200
        let calendar = Self.calendar(time)
        let pickup = pick(City.areas) { $0.weight * ($0.isLively && calendar.hour >= 19 ? 2 : 1) }
        let dropoff = pick(City.areas) { $0.weight }
        let miles = max(0.3, City.miles(pickup, dropoff) * exp(0.2 * gaussian()) + 0.4)
        let isRush = (7...9).contains(calendar.hour) || (16...18).contains(calendar.hour)
        let minutes = (2 + miles * (isRush ? 4.2 : 2.8) * exp(0.25 * gaussian())).rounded()
        let fare = ((3.25 + 2.25 * miles + 0.08 * minutes) * 20).rounded() / 20
        var cardOdds = -0.9 + 0.045 * fare
        cardOdds += pickup.isCentral ? 0.6 : -0.3
        cardOdds += calendar.hour >= 18 ? 0.3 : 0
        let payment = pay(chance: Self.logistic(cardOdds))
        let company = pick(City.companies) { $0.weight }
        let odds = tipOdds(payment, fare, miles, calendar, pickup, dropoff) + company.bias
        let chance = Self.logistic(odds)
        let leavesCity = random.unit() < 0.035
        return Ride(
            id: "ride-\(count)", start: Timestamp(milliseconds: Int64(time * 1_000)),
            pickupCommunityArea: random.unit() < 0.01 ? nil : pickup.number, fare: fare,
            tripMiles: random.unit() < 0.2 ? 0 : (miles * 10).rounded() / 10,
            tripSeconds: random.unit() < 0.01 ? nil : Int(minutes) * 60,
            paymentType: random.unit() < 0.125 ? nil : payment,
            company: random.unit() < 0.34 ? nil : company.name,
            dropoffCommunityArea: leavesCity ? nil : dropoff.number,
            dropoffCensusTract: random.unit() < 0.28 || leavesCity
                ? nil : 17_031_000_000 + dropoff.number * 10_000 + 100 * Int(random.unit() * 4),
            tips: tips(isGenerous: random.unit() < chance, fare, payment), calendar: calendar,
            tipChance: chance)
    }

    /// Writes `rows` rides as CSV or JSON lines (by the suffix; `-` is standard output): the id, the time in
    /// ISO 8601, then `Ride.columns`.
    public static func write(
        rows: Int, seed: UInt64, to path: String, format: TabularFormat? = nil, behaviour: Behaviour = .usual
    ) throws(TabularError) {
        let writer = try TableWriter(path: path, format: format, columns: ["id", "ts"] + Ride.columns)
        var simulator = RideSimulator(seed: seed, behaviour: behaviour)
        for _ in 0..<rows {
            let ride = simulator.ride()
            try writer.write([.text(ride.id), .text(ride.start.description)] + ride.values)
        }
        try writer.finish()
    }

    // MARK: Chances

    private func tipOdds(
        _ payment: String, _ fare: Double, _ miles: Double, _ calendar: (month: Int, hour: Int, day: Int),
        _ pickup: City.Area, _ dropoff: City.Area
    ) -> Double {
        let isCard = payment == "Credit Card" || payment == "Mobile"
        var odds = behaviour.generosity + (isCard ? behaviour.card / 2 : -behaviour.card / 2)
        // Short rides round up to a good tip; beyond thirty dollars the share falls again.
        odds += behaviour.fare * (fare < 9 ? 0.8 : fare > 30 ? -0.9 : 0.1)
        let evening = cos(Double(calendar.hour - 20) / 24 * 2 * .pi)
        odds += behaviour.hour * evening * (pickup.isCentral ? 1 : -0.7)
        if pickup.number == City.airport, miles > 8 { odds += 0.9 }
        if dropoff.isLively, calendar.day == 1 || calendar.day == 7 { odds += 0.6 }
        return odds
    }

    private mutating func tips(isGenerous: Bool, _ fare: Double, _ payment: String) -> Double {
        let draw = random.unit()
        let share = isGenerous ? 0.205 + 0.1 * draw : payment == "Credit Card" ? 0.19 * draw : 0
        let tips = (share * fare * 100).rounded() / 100
        // Rounding to cents must not change the answer that was drawn.
        return isGenerous && tips <= 0.2 * fare ? (20 * fare).rounded(.up) / 100 + 0.01 : tips
    }

    private mutating func pay(chance: Double) -> String {
        let draw = random.unit()
        if draw < 0.012 { return "No Charge" }
        if draw < 0.020 { return "Mobile" }
        if draw < 0.024 { return "Unknown" }
        return random.unit() < chance ? "Credit Card" : "Cash"
    }

    private mutating func pick<Item>(_ items: [Item], weight: (Item) -> Double) -> Item {
        var rest = random.unit() * items.reduce(0) { $0 + weight($1) }
        for item in items {
            rest -= weight(item)
            if rest < 0 { return item }
        }
        return items[items.count - 1]
    }

    /// A normal deviate (Box and Muller, 1958).
    private mutating func gaussian() -> Double {
        let radius = (-2 * log(1 - random.unit())).squareRoot()
        return radius * cos(2 * .pi * random.unit())
    }

    private static func logistic(_ odds: Double) -> Double { 1 / (1 + exp(-odds)) }

    private static func calendar(_ seconds: Double) -> (month: Int, hour: Int, day: Int) {
        let whole = Int(seconds)
        // 2015-01-31: the month stands in the sixth and seventh character.
        let date = Array(Timestamp(milliseconds: Int64(whole) * 1_000).description.utf8)
        let month = Int(date[5] - 48) * 10 + Int(date[6] - 48)
        // 1970-01-01 was a Thursday, the fifth day of a week that begins on Sunday.
        return (month, whole % 86_400 / 3_600, (whole / 86_400 + 4) % 7 + 1)
    }
}
