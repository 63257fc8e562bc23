#include <fmt/format.h>
#include <unistd.h>

#include <thread>

#include "tools/examples/quotes/quotes.hpp"
#include "tools/examples/support/child_process.hpp"

namespace ringside::quotes {

int play_provider(const std::string& grid) {
    examples::catch_end();
    Client client = Client::attach({.grid = grid, .program = "quotes-provider"}).value();
    Provider provider = client.provide(call_name).value();
    while (!examples::is_asked_to_end()) {
        auto call = provider.next(std::chrono::milliseconds(50));
        if (!call && call.error().code == Errc::timed_out) continue;
        const Quote quote = Quote::of(call.value().document());
        std::this_thread::sleep_for(time_of_a_quote);
        call->answer(fmt::format(R"({{"total":{},"provider":{}}})", quote.total(), getpid()))
            .value();
    }
    // Destroying `provider` withdraws it: calls that were offered and not taken go to the others.
    return 0;
}

}  // namespace ringside::quotes
