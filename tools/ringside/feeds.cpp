#include "tools/ringside/feeds.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "shm/base/descriptor.hpp"

namespace ringside::tools {

namespace {

/// A command that has run for this long has started successfully. Well within the time that the
/// broker waits for an answer (`--accept-timeout-ms`).
constexpr auto time_to_fail = std::chrono::milliseconds(200);
constexpr auto time_to_end = std::chrono::seconds(5);

}  // namespace

Feeds::Feeds(Listener& listener, std::string command, std::string grid, OnChange on_change)
    : listener_(listener),
      command_(std::move(command)),
      grid_(std::move(grid)),
      on_change_(std::move(on_change)) {}

Feeds::~Feeds() {
    for (auto& [subject, feed] : feeds_) forget(feed);
    while (tend()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void Feeds::follow(const Interest& interest) {
    Feed& feed = feeds_[interest.subject];
    if (interest.kind == InterestKind::wanted) {
        feed.wanted = interest;
        feed.is_accepted = false;
        on_change_("wanted", interest.subject, {});
    } else if (feed.wanted) {
        on_change_("unwanted", interest.subject, {});
        forget(feed);
    }
    tend(feed);
}

bool Feeds::tend() {
    bool is_busy = false;
    for (auto at = feeds_.begin(); at != feeds_.end();) {
        Feed& feed = at->second;
        tend(feed);
        is_busy = is_busy || feed.kill_at || (feed.wanted && !feed.is_accepted);
        at = feed.wanted || feed.command ? std::next(at) : feeds_.erase(at);
    }
    return is_busy;
}

void Feeds::tend(Feed& feed) {
    if (feed.command) see_end(feed);
    if (feed.command && feed.kill_at && Clock::now() > *feed.kill_at) feed.command->signal(SIGKILL);
    if (!feed.wanted || feed.is_accepted || feed.kill_at) return;
    if (!feed.command) start(feed);
    else if (Clock::now() - feed.started > time_to_fail) accept(feed);
}

void Feeds::see_end(Feed& feed) {
    const auto status = feed.command->status();
    if (!status) return;
    feed.command.reset();
    const bool was_told = feed.kill_at.has_value();
    feed.kill_at.reset();
    if (!feed.wanted || was_told) return;
    if (*status != 0) reject(feed, *status);
    else if (!feed.is_accepted) accept(feed);
}

void Feeds::start(Feed& feed) {
    const Descriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    feed.started = Clock::now();
    // Standard output is reserved for events of subjects.
    feed.command.emplace(command_,
                         ShellCommand::Variables{{"RINGSIDE_SUBJECT", feed.wanted->subject},
                                                 {"RINGSIDE_GRID", grid_}},
                         ShellCommand::Streams{nothing.get(), STDERR_FILENO, STDERR_FILENO});
}

void Feeds::accept(Feed& feed) {
    listener_.accept(*feed.wanted).value();
    feed.is_accepted = true;
    on_change_("provided", feed.wanted->subject, {});
}

void Feeds::reject(Feed& feed, int status) {
    listener_.reject(*feed.wanted).value();
    on_change_("failed", feed.wanted->subject, status);
    feed.wanted.reset();
}

/// The subject is no longer wanted from this process.
void Feeds::forget(Feed& feed) {
    feed.wanted.reset();
    if (!feed.command || feed.kill_at) return;
    feed.command->signal(SIGTERM);
    feed.kill_at = Clock::now() + time_to_end;
}

}  // namespace ringside::tools
