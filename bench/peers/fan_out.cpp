#include "bench/peers/fan_out.hpp"

#include <time.h>

#include <stdexcept>

#include "bench/support/ticks.hpp"

namespace ringside::bench {

FanOut::FanOut(const Channel& channel, std::size_t watchers) : watchers_(watchers) {
    for (std::size_t i = 0; i < watchers; ++i) children_.emplace_back([&] { watch(channel); });
    pin_to(0);
    announcer_ = channel.make_announcer();
    const auto start = Clock::now();
    while (!announce().is_complete) {  // until all of them listen
        for (const Child& child : children_) {
            if (child.has_ended()) throw std::runtime_error("watcher died");
        }
        if (ns_since(start) > 30e9) throw std::runtime_error("watcher does not listen");
    }
}

void FanOut::watch(const Channel& channel) const {
    pin_to(0);
    const auto watcher = channel.make_watcher(Waiting::sleeping);
    for (;;) {
        const std::uint64_t number = watcher->wait();
        const std::uint64_t now = now_ns();
        if (number != (*expected_).load()) continue;
        std::uint64_t last = (*last_ns_).load();
        while (last < now && !(*last_ns_).compare_exchange_weak(last, now)) {
        }
        ++*have_it_;
    }
}

FanOut::Cost FanOut::announce() {
    const Bytes document = numbered_document(++number_);
    (*have_it_).store(0);
    (*last_ns_).store(0);
    (*expected_).store(number_);
    const std::uint64_t start = now_ns();
    announcer_->announce(document);
    while ((*have_it_).load() < watchers_ && now_ns() - start < 100'000'000) usleep(50);
    return {static_cast<double>((*last_ns_).load() - start), (*have_it_).load() >= watchers_};
}

double processor_time_ns(pid_t process) {
    clockid_t clock = 0;
    timespec time{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0)
        throw std::runtime_error("server ended");
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

}  // namespace ringside::bench
