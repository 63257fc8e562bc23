#include "tools/examples/quotes/quotes.hpp"

#include <fmt/format.h>

namespace ringside::quotes {

std::string Quote::json() const {
    return fmt::format(R"({{"event":{},"seats":{}}})", event, seats);
}

Quote Quote::of(const Value& document) {
    return {document["event"].as_int64().value_or(0), document["seats"].as_int64().value_or(0)};
}

std::string Load::json() const {
    return fmt::format(R"({{"under_way":{},"mean_ms":{:.1f}}})", under_way, mean_ms);
}

Load Load::of(const Value& document) {
    return {document["under_way"].as_int64().value_or(0),
            document["mean_ms"].as_double().value_or(0)};
}

}  // namespace ringside::quotes
