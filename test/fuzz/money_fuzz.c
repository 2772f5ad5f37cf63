/*
 * money_fuzz.c
 *		Parsing never misreads, products and splits never lose anything.
 */
#include "core/money.h"
#include "input.h"

static void
parse_text(const uint8_t *data, size_t size)
{
	char	   *text = exactly(size);
	int			scale;

	memcpy(text, data, size);
	for (scale = -1; scale <= MONEY_SCALE_MAX + 1; scale++)
	{
		int64_t		amount = 1;
		int64_t		again = 2;
		bool		rounded = false;
		char		printed[64];
		Fault		fault = money_parse(text, size, scale, &amount, &rounded);
		uint64_t	magnitude = amount < 0 ? -(uint64_t) amount : (uint64_t) amount;
		uint64_t	one = 1;
		int			i;

		if (fault.code != FAULT_NONE)
		{
			LAW(amount == 1 && !rounded);
			LAW(fault.at <= (int64_t) size);
			continue;
		}
		for (i = 0; i < scale; i++)
			one *= 10;
		snprintf(printed, sizeof(printed), "%s%llu.%0*llu", amount < 0 ? "-" : "",
				 (unsigned long long) (magnitude / one), scale > 0 ? scale : 1,
				 (unsigned long long) (magnitude % one));
		LAW(money_parse(printed, strlen(printed), scale, &again, &rounded).code == FAULT_NONE);
		LAW(again == amount && !rounded);
	}
	free(text);
}

static void
multiply_numbers(Input *input)
{
	int64_t		quantity = draw_number(input);
	int64_t		price = draw_number(input);
	int64_t		amount;
	MoneyWide	error;

	if (money_multiply(quantity, price, &amount).code != FAULT_NONE)
		return;
	error = (MoneyWide) quantity * price - (MoneyWide) amount * 100000000;
	LAW(error >= -50000000 && error <= 50000000);
}

static Fault
split(Input *input, int64_t amount, const int64_t *weights, int n, int64_t *shares)
{
	MoneyMultiplierRule rule;
	int64_t		multiplier;
	int64_t		unit = draw_number(input);
	void	   *scratch = exactly(money_split_scratch_size(n));
	Fault		fault;

	rule.amount_scale = draw_below(input, 19);
	rule.weight_scale = draw_below(input, 19);
	rule.multiplier_scale = draw_below(input, 20) - 1;
	rule.residual = (MoneyResidual) draw_below(input, 2);
	if (draw_below(input, 2))
		fault = money_split(amount, unit, weights, n, scratch, shares);
	else
		fault = money_split_multiplier(amount, unit, &rule, weights, n, scratch,
									   &multiplier, shares);
	free(scratch);
	return fault;
}

static void
split_numbers(Input input)
{
	int64_t		amount = draw_number(&input);
	int			n = draw_below(&input, 40);
	int64_t    *weights = exactly(sizeof(int64_t) * (size_t) n);
	int64_t    *shares = exactly(sizeof(int64_t) * (size_t) n);
	int64_t    *mirror = exactly(sizeof(int64_t) * (size_t) n);
	bool		signed_weights = false;
	int			i;

	for (i = 0; i < n; i++)
	{
		weights[i] = draw_number(&input);
		signed_weights = signed_weights || weights[i] < 0;
	}
	if (split(&input, amount, weights, n, shares).code == FAULT_NONE)
	{
		MoneyWide	sum = 0;

		for (i = 0; i < n; i++)
		{
			sum += shares[i];
			LAW(signed_weights || weights[i] != 0 || shares[i] == 0);
		}
		LAW(sum == amount);
	}
	/* the same draw for both signs */
	if (amount > INT64_MIN && n > 0)
	{
		Input		first = input;
		Input		second = input;
		Fault		one = split(&first, amount, weights, n, shares);
		Fault		two = split(&second, -amount, weights, n, mirror);

		/* INT64_MIN has no mirror image, so one sign may overflow alone */
		LAW(one.code == two.code || one.code == FAULT_OVERFLOW || two.code == FAULT_OVERFLOW);
		for (i = 0; one.code == FAULT_NONE && two.code == FAULT_NONE && i < n; i++)
			LAW(shares[i] > INT64_MIN && shares[i] == -mirror[i]);
	}
	free(weights);
	free(shares);
	free(mirror);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, size};

	switch (draw_below(&input, 3))
	{
		case 0:
			parse_text(input.next, input.left);
			break;
		case 1:
			multiply_numbers(&input);
			break;
		default:
			split_numbers(input);
			break;
	}
	return 0;
}
