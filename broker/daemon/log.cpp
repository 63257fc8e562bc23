#include "broker/daemon/log.hpp"

#include <spdlog/details/file_helper.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include "broker/daemon/folding_sink.hpp"
#include "broker/daemon/log_pattern.hpp"

namespace ringside::daemon {

namespace {

/// A log file that can be opened again under its name. Thread safety: all members.
class LogFile : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit LogFile(const std::string& path) { open(path); }

    void open(const std::string& path) {
        auto opened = std::make_unique<spdlog::details::file_helper>();
        opened->open(path, false);
        const std::lock_guard lock(mutex_);
        file_ = std::move(opened);
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        file_->write(text);
    }
    void flush_() override { file_->flush(); }

private:
    std::unique_ptr<spdlog::details::file_helper> file_;
};

std::shared_ptr<LogFile> log_file;

}  // namespace

Result<void> check_log_options(const LogOptions& options) {
    if (options.format != "text" && options.format != "json") {
        return Error(Errc::bad_configuration, "--log-format: '" + options.format +
                                                  "' is not a log format; use text or json");
    }
    for (const char* level : {"debug", "info", "warning", "error"}) {
        if (options.level == level) return {};
    }
    return Error(Errc::bad_configuration,
                 "--log-level: '" + options.level +
                     "' is not a log level; use debug, info, warning or error");
}

Result<void> start_log(const LogOptions& options) {
    try {
        spdlog::sink_ptr sink;
        LogTarget target = LogTarget::plain;
        if (options.file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
            if (is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM")))
                target = LogTarget::journal;
        } else {
            sink = log_file = std::make_shared<LogFile>(options.file);
        }
        if (options.folds_lines) sink = std::make_shared<FoldingSink>(std::move(sink));
        auto logger = std::make_shared<spdlog::logger>(options.program, std::move(sink));
        logger->set_formatter(make_formatter(options.format, target));
        logger->set_level(spdlog::level::from_str(options.level));
        logger->flush_on(spdlog::level::debug);
        spdlog::set_default_logger(std::move(logger));
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

Result<void> reopen_log(const LogOptions& options) {
    spdlog::set_level(spdlog::level::from_str(options.level));
    if (!log_file || options.file.empty()) return {};
    try {
        log_file->open(options.file);
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

}  // namespace ringside::daemon
