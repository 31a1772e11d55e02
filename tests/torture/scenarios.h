/* scenarios.h - all scenarios, by what they are about. */
#ifndef TORTURE_SCENARIOS_H
#define TORTURE_SCENARIOS_H

#include "play.h"

extern const struct scenario scenario_start_v4;
extern const struct scenario scenario_start_v6;
extern const struct scenario scenario_start_localhost;
extern const struct scenario scenario_start_any;
extern const struct scenario scenario_start_keepalive;
extern const struct scenario scenario_start_limits;
extern const struct scenario scenario_start_many_slots;
extern const struct scenario scenario_start_few_tasks;
extern const struct scenario scenario_start_unix;
extern const struct scenario scenario_start_unix_owned;
extern const struct scenario scenario_start_unix_stale;
extern const struct scenario scenario_start_several;
extern const struct scenario scenario_start_inherited;
extern const struct scenario scenario_start_handed_over;
extern const struct scenario scenario_start_closed_streams;
extern const struct scenario scenario_start_supervised;
extern const struct scenario scenario_program;
extern const struct scenario scenario_program_from_start;
extern const struct scenario scenario_program_idle;
extern const struct scenario scenario_stop_supervised;
extern const struct scenario scenario_echo;
extern const struct scenario scenario_echo_long;
extern const struct scenario scenario_rot13;
extern const struct scenario scenario_bytes;
extern const struct scenario scenario_daytime;
extern const struct scenario scenario_chargen;
extern const struct scenario scenario_discard;
extern const struct scenario scenario_whoami;
extern const struct scenario scenario_half_close;
extern const struct scenario scenario_reset;
extern const struct scenario scenario_parked;
extern const struct scenario scenario_crowd;
extern const struct scenario scenario_control;
extern const struct scenario scenario_control_from_start;
extern const struct scenario scenario_several;
extern const struct scenario scenario_debug;
extern const struct scenario scenario_closed_log;
extern const struct scenario scenario_dump;
extern const struct scenario scenario_full_wait;
extern const struct scenario scenario_full_close;
extern const struct scenario scenario_full_busy;
extern const struct scenario scenario_per_source;
extern const struct scenario scenario_rate;
extern const struct scenario scenario_proxied;
extern const struct scenario scenario_proxied_from_start;
extern const struct scenario scenario_proxied_wait;
extern const struct scenario scenario_proxied_late;
extern const struct scenario scenario_reserved;
extern const struct scenario scenario_start_rules;
extern const struct scenario scenario_start_user;
extern const struct scenario scenario_start_user_number;
extern const struct scenario scenario_reload;
extern const struct scenario scenario_restart_fails;
extern const struct scenario scenario_idle;
extern const struct scenario scenario_first_byte;
extern const struct scenario scenario_lifetime;
extern const struct scenario scenario_write_stall;
extern const struct scenario scenario_min_rate;
extern const struct scenario scenario_stop_idle;
extern const struct scenario scenario_stop_after_service;
extern const struct scenario scenario_drain;
extern const struct scenario scenario_drain_backlog;
extern const struct scenario scenario_cut;
extern const struct scenario scenario_cut_at_once;
extern const struct scenario scenario_second_signal;
extern const struct scenario scenario_host_start;
extern const struct scenario scenario_host_begin;
extern const struct scenario scenario_host_lines;
extern const struct scenario scenario_host_adopt;
extern const struct scenario scenario_host_hooks;
extern const struct scenario scenario_host_two;
extern const struct scenario scenario_host_cycles;
extern const struct scenario scenario_host_inherited;
extern const struct scenario scenario_host_stop;
extern const struct scenario scenario_host_slow_end;
extern const struct scenario scenario_no_close_range;
extern const struct scenario scenario_no_pidfd;

#endif
