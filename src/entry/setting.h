/*
 * setting.h
 *		The settings hospital_cost.*.
 */
#ifndef HC_ENTRY_SETTING_H
#define HC_ENTRY_SETTING_H

/* hospital_cost.posting_allow_drop: a superuser means it when he drops the extension with the books in it. */
extern bool posting_allow_drop;

/* Defines all settings; call once, in _PG_init. */
extern void setting_init(void);

#endif
