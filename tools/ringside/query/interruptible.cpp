#include "tools/ringside/query/interruptible.hpp"

#include <atomic>
#include <csignal>

namespace ringside::tools {

namespace {

/// The database whose statement an interrupt ends; null if there is none.
std::atomic<sql::Database*> running = nullptr;
static_assert(std::atomic<sql::Database*>::is_always_lock_free);

void interrupt_running(int) {
    // SYNC query-running: pairs with Interruptible.
    if (sql::Database* database = running.load()) database->interrupt();
}

}  // namespace

Interruptible::Interruptible(sql::Database& database) {
    // SYNC query-running: pairs with interrupt_running(); the database is complete.
    running.store(&database);
}

Interruptible::~Interruptible() {
    // SYNC query-running: pairs with interrupt_running().
    running.store(nullptr);
}

void catch_query_interrupts() {
    struct sigaction action {};
    action.sa_handler = interrupt_running;  // without SA_RESTART: it ends a read of the terminal
    sigaction(SIGINT, &action, nullptr);
}

}  // namespace ringside::tools
