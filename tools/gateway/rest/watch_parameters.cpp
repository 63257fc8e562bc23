#include "tools/gateway/rest/watch_parameters.hpp"

#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

Outcome<WatchRequest> watch_request_of(const Request& request) {
    if (auto problem = check_parameters(request, {"pattern", "pointer", "initial", "from", "events",
                                                  "changes", "access_token"})) {
        return *std::move(problem);
    }
    const std::string* text = request.parameters.find("pattern");
    auto pattern = Pattern::parse(text == nullptr ? std::string_view("**") : *text);
    if (!pattern) return Problem::of(pattern.error());
    WatchRequest watch{.pattern = *std::move(pattern)};
    if (const std::string* where = request.parameters.find("pointer")) {
        auto pointer = JsonPointer::parse(*where);
        if (!pointer) return Problem::of(pointer.error());
        watch.pointer = *std::move(pointer);
    }
    const auto initial = flag_parameter(request, "initial", false);
    if (!initial) return initial.error();
    const auto changes = flag_parameter(request, "changes", true);
    if (!changes) return changes.error();
    const auto events = flag_parameter(request, "events", false);
    if (!events) return events.error();
    const auto from = number_parameter(request, "from", 0, ~std::uint64_t{0});
    if (!from) return from.error();
    if (!*changes && !*events) {
        return Problem{400, "bad_parameter",
                       "watch selects neither changes nor events; select one"};
    }
    if (*initial && *from) {
        return Problem{400, "bad_parameter",
                       "watch starts with the state or at a revision, not both"};
    }
    watch.what = !*events    ? WatchFor::changes
                 : !*changes ? WatchFor::events
                             : WatchFor::changes | WatchFor::events;
    watch.initial = *initial;
    if (*from) watch.after = Place{std::max<Revision>(**from, 1) - 1, 0};
    if (const auto last = request.header("Last-Event-ID"); !last.empty()) {
        const auto place = Place::parse(last);
        if (!place)
            return Problem{400, "bad_parameter", "Last-Event-ID is not an event of this stream"};
        // A browser that reconnects has the state.
        watch.initial = false;
        watch.after = place;
    }
    return watch;
}

}  // namespace ringside::gateway
